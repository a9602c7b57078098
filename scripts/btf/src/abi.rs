// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Where a C function finds its arguments.

use anyhow::Result;
use btf_rs::{BtfType, FuncProto, Type};
use clap::ValueEnum;

use crate::btf::Btf;

/// The calling convention of an architecture, by kbuild's name for that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Abi {
    /// The System V ABI for AMD64.
    X86,
    /// The procedure call standard for the Arm 64-bit architecture.
    Arm64,
}

/// Where an argument is at the entry of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In this register of arguments, or in this one and the next.
    Registers(usize),
    /// On the stack, from this word of the arguments there on.
    Stack(usize),
    /// A pointer to it is in this register.
    Pointed(usize),
    /// It has no bytes.
    Nowhere,
}

/// The arguments of a function: where each of them is.
pub struct Arguments {
    pub places: Vec<Place>,
    /// In how many registers there are some, from the first on.
    pub registers: usize,
    /// Whether there are, or may be, others on the stack.
    pub on_stack: bool,
    /// How many words on the stack are known.
    stack: usize,
}

impl Arguments {
    /// How many words a function has to take to be passed all of them: if there are some on the stack, all registers first.
    pub fn words(&self, abi: Abi) -> usize {
        match self.stack {
            0 => self.registers,
            stack => abi.registers() + stack,
        }
    }
}

/// How a type is passed.
enum Class {
    /// In as many words.
    Words(usize),
    /// In two, the first of which has an even number.
    Pair,
    /// Larger than two words.
    Large(usize),
    /// Why not.
    Unclear(&'static str),
}

impl Abi {
    pub fn registers(self) -> usize {
        match self {
            Self::X86 => 6,
            Self::Arm64 => 8,
        }
    }

    /// Where the arguments of a function are, or why that is not clear.
    pub fn arguments(self, btf: &Btf, proto: &FuncProto) -> Result<Result<Arguments, String>> {
        let mut register = 0;
        let mut stack = 0;
        let mut is_variadic = false;
        let mut places = Vec::new();
        // The address for a result that is not in registers is an argument on x86; arm64 has a register for it.
        if self == Self::X86 {
            match class(btf, proto.return_type_id())? {
                Class::Large(_) => register = 1,
                Class::Unclear(why) => return Ok(Err(format!("its result {why}"))),
                Class::Words(_) | Class::Pair => {}
            }
        }
        for (n, parameter) in proto.parameters.iter().enumerate() {
            if parameter.is_variadic() {
                is_variadic = true;
                break;
            }
            let class = class(btf, parameter.get_type_id().unwrap_or(0))?;
            let words = match (self, class) {
                (_, Class::Unclear(why)) => {
                    return Ok(Err(format!("argument {n} ({}) {why}", btf.name(parameter))))
                }
                (Self::Arm64, Class::Large(_)) if register < self.registers() => {
                    places.push(Place::Pointed(register));
                    register += 1;
                    continue;
                }
                (Self::Arm64, Class::Large(_)) => {
                    return Ok(Err(format!(
                        "argument {n} ({}) is a large struct behind the arguments in registers",
                        btf.name(parameter)
                    )))
                }
                (Self::X86, Class::Large(words)) => {
                    places.push(Place::Stack(stack));
                    stack += words;
                    continue;
                }
                (_, Class::Words(words)) => words,
                (_, Class::Pair) => {
                    if self == Self::Arm64 {
                        register = register.next_multiple_of(2);
                    }
                    if register + 2 > self.registers() {
                        return Ok(Err(format!(
                            "argument {n} ({}) is of 128 bits and on the stack",
                            btf.name(parameter)
                        )));
                    }
                    2
                }
            };
            if words == 0 {
                places.push(Place::Nowhere);
            } else if register + words <= self.registers() {
                places.push(Place::Registers(register));
                register += words;
            } else {
                places.push(Place::Stack(stack));
                stack += words;
                // Later arguments do not go to the registers that are left; on x86 they do.
                if self == Self::Arm64 {
                    register = self.registers();
                }
            }
        }
        Ok(Ok(Arguments {
            places,
            registers: if is_variadic {
                self.registers()
            } else {
                register
            },
            on_stack: is_variadic || stack > 0,
            stack,
        }))
    }

    /// In how many words of registers a result is; or why that is not clear.
    pub fn returned(self, btf: &Btf, id: u32) -> Result<Result<usize, &'static str>> {
        Ok(match class(btf, id)? {
            Class::Words(words) => Ok(words),
            Class::Pair => Ok(2),
            Class::Large(_) => Err("is a struct that is not returned in registers"),
            Class::Unclear(why) => Err(why),
        })
    }
}

fn class(btf: &Btf, id: u32) -> Result<Class> {
    let (id, found) = btf.strip(id)?;
    Ok(match found {
        Type::Int(t) if t.size() == 16 => Class::Pair,
        Type::Int(_) | Type::Ptr(_) | Type::Enum(_) | Type::Enum64(_) | Type::FuncProto(_) => {
            Class::Words(1)
        }
        Type::Void => Class::Words(0),
        Type::Struct(_) | Type::Union(_) => {
            let size = btf.size(id)?;
            match alignment(btf, id)? {
                None => {
                    Class::Unclear("is a struct whose members are not aligned, or not all integers")
                }
                Some(16) => Class::Unclear("is a struct that is aligned to 16 bytes"),
                Some(_) if size > 16 => Class::Large(size.div_ceil(8)),
                Some(_) => Class::Words(size.div_ceil(8)),
            }
        }
        Type::Float(_) => Class::Unclear("is a floating-point number"),
        _ => Class::Unclear("is of a type that functions do not take"),
    })
}

/// To how many bytes a type is aligned; none if some of its members are not, or are no integers.
fn alignment(btf: &Btf, id: u32) -> Result<Option<usize>> {
    let (id, found) = btf.strip(id)?;
    Ok(match found {
        Type::Struct(ref t) | Type::Union(ref t) => {
            let mut most = 1;
            for member in &t.members {
                let type_id = member.get_type_id().unwrap_or(0);
                let Some(align) = alignment(btf, type_id)? else {
                    return Ok(None);
                };
                let is_bit_field = member.bitfield_size().is_some_and(|bits| bits > 0);
                if !is_bit_field && member.bit_offset() as usize % (align * 8) != 0 {
                    return Ok(None);
                }
                most = most.max(align);
            }
            Some(most)
        }
        Type::Array(t) => alignment(btf, t.get_type_id().unwrap_or(0))?,
        Type::Float(_) => None,
        _ => Some(btf.size(id)?.max(1)),
    })
}
